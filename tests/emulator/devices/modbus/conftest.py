import pytest

from emulator.devices.modbus.bank import RegisterBank
from emulator.devices.modbus.registers import Identification, MappedValue
from emulator.devices.scaling import RegisterFormat

U16 = RegisterFormat("u16")
F32 = RegisterFormat("f32", "CDAB")


def make_bank(writes):
    """One unit with something of everything.

    Coils 0-39 (writable but 39), discrete inputs 0-39, input registers 0-9 and 20-29, holding registers 0-129
    (writable but 5; floats in [-10, 52.4] at 100 and 102, [0, 100] at 110).
    """
    floats = [MappedValue(f"f{address}", address, F32, True, -10.0, 52.4) for address in (100, 102)]
    holding = [
        MappedValue(f"h{address}", address, U16, address != 5, 0.0, 100.0 if address == 110 else 65535.0)
        for address in (*range(100), *range(104, 130))
    ]
    return RegisterBank(
        coils=[MappedValue(f"c{address}", address, None, address != 39, 0, 1) for address in range(40)],
        discrete_inputs=[MappedValue(f"d{address}", address) for address in range(40)],
        input_registers=[MappedValue(f"i{address}", address, U16) for address in (*range(10), *range(20, 30))],
        holding_registers=[*holding, *floats],
        write=lambda point, value: writes.append((point, value)),
        identification=Identification("plantbench", "PB-1", "1.0", product_name="Test unit"),
    )


@pytest.fixture
def writes():
    return []


@pytest.fixture
def bank(writes):
    return make_bank(writes)


@pytest.fixture
def second_bank(writes):
    return make_bank(writes)
