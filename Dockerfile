# The bot alone: docs/operating.md says how it is meant. The second stage has nothing of the first but what is named.
FROM python:3.13-slim AS build
ARG EXTRAS=postgresql
WORKDIR /build
COPY pyproject.toml constraints.txt README.md LICENSE .gitignore ./
COPY bot bot
COPY model model
COPY data data
COPY checkpoints checkpoints
RUN python -m venv /opt/mangosaurus && \
    /opt/mangosaurus/bin/pip install --constraint constraints.txt ".[$EXTRAS]"
RUN mkdir /state

FROM python:3.13-slim
COPY --from=build /opt/mangosaurus /opt/mangosaurus
COPY --from=build --chown=10001:10001 /state /state
ENV PATH=/opt/mangosaurus/bin:$PATH
ENV MANGOSAURUS_HOME=/state
ENV HEALTH_LISTEN=0.0.0.0:8080
USER 10001:10001
WORKDIR /state
VOLUME /state
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=20s --start-period=1m CMD ["mangosaurus", "healthy"]
ENTRYPOINT ["mangosaurus"]
