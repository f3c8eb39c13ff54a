import stat
import zipfile

import pytest

from emulator.fmi.archive import ArchiveError, unpack


def archive(path, *entries, compress=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compress) as file:
        for name, content in entries:
            file.writestr(name, content)
    return path


@pytest.fixture
def folder(tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    return inside


def test_a_whole_archive_is_unpacked(tmp_path, folder):
    unpack(archive(tmp_path / "a.fmu", ("modelDescription.xml", "<x/>"), ("resources/a/b.txt", "hello")), folder)
    assert (folder / "resources/a/b.txt").read_text() == "hello"


@pytest.mark.parametrize(
    "name", ["../evil.txt", "/tmp/evil.txt", "resources/../../evil.txt", "C:/evil.txt", "a\\..\\b"]
)
def test_an_entry_that_leads_out_is_refused_and_nothing_is_written(tmp_path, folder, name):
    path = archive(tmp_path / "a.fmu", ("modelDescription.xml", "<x/>"), (name, "evil"))
    with pytest.raises(ArchiveError, match="leads out of the archive's folder"):
        unpack(path, folder)
    assert list(folder.iterdir()) == []
    assert not (tmp_path / "evil.txt").exists()


def test_a_link_is_refused(tmp_path, folder):
    link = zipfile.ZipInfo("resources/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = archive(tmp_path / "a.fmu", ("modelDescription.xml", "<x/>"), (link, "/etc"))
    with pytest.raises(ArchiveError, match="is a link"):
        unpack(path, folder)


def test_a_bomb_is_refused_by_what_it_says_of_itself(tmp_path, folder):
    path = archive(tmp_path / "a.fmu", ("modelDescription.xml", "<x/>"), ("resources/zeros", bytes(3_000_000)))
    with pytest.raises(ArchiveError, match=r"would unpack to 3000004 bytes, more than the 1000000 allowed"):
        unpack(path, folder, limit=1_000_000)


def test_a_bomb_that_lies_about_its_size_is_refused_while_it_grows(tmp_path, folder):
    path = archive(tmp_path / "a.fmu", ("modelDescription.xml", "<x/>"), ("resources/zeros", bytes(3_000_000)))
    data = path.read_bytes()
    path.write_bytes(data.replace((3_000_000).to_bytes(4, "little"), (1000).to_bytes(4, "little")))
    with pytest.raises(ArchiveError, match=r"grows beyond|cannot be unpacked"):
        unpack(path, folder, limit=1_000_000)
    assert sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) <= 1_000_000


def test_what_is_no_fmu_is_refused(tmp_path, folder):
    with pytest.raises(ArchiveError, match="no such file"):
        unpack(tmp_path / "none.fmu", folder)
    (tmp_path / "text.fmu").write_text("no archive")
    with pytest.raises(ArchiveError, match="cannot be unpacked"):
        unpack(tmp_path / "text.fmu", folder)
    with pytest.raises(ArchiveError, match=r"no modelDescription\.xml"):
        unpack(archive(tmp_path / "a.fmu", ("readme.txt", "")), folder)
    whole = archive(tmp_path / "b.fmu", ("modelDescription.xml", "<x/>" * 1000)).read_bytes()
    (tmp_path / "cut.fmu").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ArchiveError, match="cannot be unpacked"):
        unpack(tmp_path / "cut.fmu", folder)
