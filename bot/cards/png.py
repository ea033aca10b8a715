"""SVG to PNG, by resvg, with text in EB Garamond: a program that reads SVG and writes PNG, and a call of it."""

import asyncio
import os
import sys
from weakref import WeakKeyDictionary

LONGEST_SECONDS = 20.0
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


async def png_of(svg: str) -> bytes:
    """Draw an SVG. Raises OSError or TimeoutError.

    Another process draws, as resvg holds Python's lock for 0.13 s, which would stop the event loop. It draws one at a
    time, and gets nothing of the bot's environment.
    """
    pipe, private = asyncio.subprocess.PIPE, {"TELEGRAM_TOKEN", "DATABASE", "WEBHOOK_SECRET"}
    env = {name: value for name, value in os.environ.items() if name not in private}
    async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock()), asyncio.timeout(LONGEST_SECONDS):
        process = await asyncio.create_subprocess_exec(sys.executable, "-P", __file__, stdin=pipe, stdout=pipe, env=env)
        try:
            png, _ = await process.communicate(svg.encode())
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if process.returncode:
        raise OSError(f"resvg ended with {process.returncode}")
    return png


if __name__ == "__main__":
    import fontpkg_eb_garamond
    import resvg_py

    fonts = [str(path) for path in (fontpkg_eb_garamond.ROOT / "files").iterdir()]
    drawn = resvg_py.svg_to_bytes(svg_string=sys.stdin.buffer.read().decode(), font_files=fonts, skip_system_fonts=True)
    sys.stdout.buffer.write(drawn)
