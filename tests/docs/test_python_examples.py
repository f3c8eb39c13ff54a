"""Python examples of the signal-processing pages run as they stand, each page from a clean start."""

import os
import subprocess
import sys

import pytest

from tests.docs.blocks import ROOT, blocks

PAGES = sorted(page for page in (ROOT / "docs" / "dsp").glob("*.md") if blocks(page, "python"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.slow_without_jit
def test_the_examples_of_a_page_run(page, tmp_path):
    program = "\n\n".join(block.text for block in blocks(page, "python"))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, f"{page.name}: {done.stderr}"


def test_every_method_page_shows_a_picture_that_its_script_makes():
    folder = ROOT / "docs" / "dsp"
    for page in folder.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        pictures = [part.split(")")[0] for part in text.split("](img/")[1:]]
        assert pictures or page.name in ("README.md", "results.md"), f"{page.name} shows no picture"
        for picture in pictures:
            assert (folder / "img" / picture).is_file(), f"{page.name}: {picture}"
    drawn = "\n".join(script.read_text(encoding="utf-8") for script in (folder / "figures").glob("*.py"))
    for picture in (folder / "img").glob("*.png"):
        assert picture.stem.split("_")[0].split("-")[0] in drawn, f"no script makes {picture.name}"
