"""SVG to PNG, by resvg, with text in EB Garamond."""

import asyncio
import sys

from bot.settings import environment_without_secrets

PROGRAM = """
import sys, fontpkg_eb_garamond, resvg_py
fonts = [str(path) for path in (fontpkg_eb_garamond.ROOT / "files").iterdir()]
svg = sys.stdin.buffer.read().decode()
png = resvg_py.svg_to_bytes(svg_string=svg, font_files=fonts, skip_system_fonts=True)
sys.stdout.buffer.write(png)
"""
LONGEST_SECONDS = 20.0


async def png_of(svg: str) -> bytes:
    """Draw an SVG. Raises OSError or TimeoutError.

    Another process draws, because resvg holds Python's lock for 0.13 s, and the event loop would
    stand still.
    """
    command, pipe = (sys.executable, "-P", "-c", PROGRAM), asyncio.subprocess.PIPE
    async with asyncio.timeout(LONGEST_SECONDS):
        process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment_without_secrets()
        )
        try:
            png, complaint = await process.communicate(svg.encode())
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if process.returncode:
        raise OSError(f"resvg: {complaint[-200:].decode(errors='replace')}")
    return png
