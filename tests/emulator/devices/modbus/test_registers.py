import pytest

from emulator.devices.modbus.bank import RegisterBank
from emulator.devices.modbus.registers import MappedValue, ModbusError, WordTable
from emulator.devices.scaling import RegisterFormat

U16 = RegisterFormat("u16")
F32 = RegisterFormat("f32", "CDAB")


def test_values_that_overlap_are_refused_by_name():
    values = [MappedValue("a.x", 4, F32), MappedValue("a.y", 5, U16)]
    with pytest.raises(ValueError, match=r"input register 5 of point a\.y overlaps .* reaches to 5; move one"):
        WordTable("input register", values)


def test_a_value_beyond_the_last_address_is_refused():
    with pytest.raises(ValueError, match="lies beyond the last address 65535"):
        WordTable("input register", [MappedValue("a.x", 65535, F32)])


def test_the_last_address_is_usable():
    table = WordTable("input register", [MappedValue("a.x", 65534, F32)])
    assert table.read(65534, 2) == b"\0\0\0\0"


def test_gaps_read_zero_only_where_the_rig_allows_them():
    values = [MappedValue("a.x", 2, U16), MappedValue("a.y", 5, U16)]
    with pytest.raises(ModbusError, match="02"):
        WordTable("input register", values).read(2, 4)
    table = WordTable("input register", values, gaps_readable=True)
    assert table.read(2, 4) == bytes(8)
    for address, quantity in ((1, 2), (5, 2)):
        with pytest.raises(ModbusError, match="02"):
            table.read(address, quantity)


def test_a_float_is_written_whole_and_reaches_its_point(bank, writes):
    bank.write_registers(100, F32.encode(21.5))
    assert writes == [("f100", 21.5)]
    assert bank.holding_registers.read(100, 2) == F32.encode(21.5)


def test_the_limit_itself_may_be_written_though_float32_rounds_it_up(bank, writes):
    bank.write_registers(100, F32.encode(52.4))
    assert writes == [("f100", 52.4)]


def test_one_value_out_of_range_keeps_all_of_a_write_from_happening(bank, writes):
    with pytest.raises(ModbusError, match="03"):
        bank.write_registers(100, F32.encode(20.0) + F32.encode(60.0))
    assert writes == []
    assert bank.holding_registers.read(100, 4) == bytes(8)


def test_several_values_of_one_write_arrive_in_order(bank, writes):
    bank.write_registers(99, b"\0\1" + F32.encode(2.0) + F32.encode(3.0) + b"\0\4")
    assert writes == [("h99", 1), ("f100", 2.0), ("f102", 3.0), ("h104", 4)]


def test_coils_arrive_as_truth_values(bank, writes):
    bank.write_coils(3, b"\1\0")
    assert writes == [("c3", True), ("c4", False)]


def test_scaled_set_points_arrive_in_the_points_unit():
    writes = []
    value = MappedValue("vfd1.reference", 0, RegisterFormat("u16", scale=0.01), True, 0.0, 60.0)
    bank = RegisterBank(holding_registers=[value], write=lambda point, number: writes.append((point, number)))
    bank.write_registers(0, (4250).to_bytes(2, "big"))
    assert writes == [("vfd1.reference", pytest.approx(42.5))]
    with pytest.raises(ModbusError, match="03"):
        bank.write_registers(0, (6001).to_bytes(2, "big"))
