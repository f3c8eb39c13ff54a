"""Our quick way of filling namespace 0 against the library's slow one."""

from asyncua.server.address_space import AddressSpace, NodeManagementService
from asyncua.server.standard_address_space import standard_address_space

from emulator.devices.opcua import standard_space


def _references(node):
    # Without the type definition, which the library only knows if the type came earlier in its file.
    return sorted(
        (r.ReferenceTypeId.Identifier, r.NodeId.Identifier, r.IsForward, str(r.BrowseName)) for r in node.references
    )


def test_every_standard_node_is_there_as_the_library_has_it():
    quick, slow = AddressSpace(), AddressSpace()
    standard_space.fill(quick)
    standard_address_space.fill_address_space(NodeManagementService(slow))
    assert set(quick.keys()) == set(slow.keys())
    for nodeid in slow.keys():  # noqa: SIM118 - it is no mapping
        expected, found = slow[nodeid], quick[nodeid]
        assert _references(found) == _references(expected), nodeid
        assert found.attributes.keys() == expected.attributes.keys(), nodeid
        for key, attribute in expected.attributes.items():
            assert found.attributes[key].value == attribute.value, (nodeid, key)


def test_a_server_does_not_write_into_anothers_nodes():
    one, two = AddressSpace(), AddressSpace()
    standard_space.fill(one)
    standard_space.fill(two)
    for nodeid in standard_space._changeable():
        assert one[nodeid] is not two[nodeid]
        for key, attribute in one[nodeid].attributes.items():
            assert attribute is not two[nodeid].attributes[key]
