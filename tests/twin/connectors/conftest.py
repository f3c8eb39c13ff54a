import asyncio

import pytest


@pytest.fixture(autouse=True)
def nothing_left_behind():
    """A test that leaves a task behind fails: asyncio.run would cancel it silently."""
    original = asyncio.runners._cancel_all_tasks

    leaked = []

    def watched(loop):
        leaked.extend(task for task in asyncio.all_tasks(loop) if not task.done())
        original(loop)

    asyncio.runners._cancel_all_tasks = watched
    try:
        yield
    finally:
        asyncio.runners._cancel_all_tasks = original
    assert not leaked, f"tasks left behind: {leaked}"
