"""A small disk can be full, and have space again."""

import errno
from pathlib import Path

import pytest

from tests.chaos.instruments.small_disk import small_disk, why_not

MEGABYTE = 1_000_000


@pytest.mark.skipif(why_not() != "", reason=why_not())
def test_a_full_disk_refuses_writes_until_space_returns(tmp_path: Path):
    file = tmp_path / "file"
    with small_disk(tmp_path, 4 * MEGABYTE) as disk:
        assert disk.free_bytes > 3 * MEGABYTE
        disk.fill()
        assert disk.free_bytes == 0
        with pytest.raises(OSError, match="space") as refused:
            file.write_bytes(bytes(MEGABYTE))
        assert refused.value.errno == errno.ENOSPC
        file.unlink(missing_ok=True)
        disk.free()
        file.write_bytes(bytes(MEGABYTE))
    assert not file.exists()
