"""Whether the plant of a rig can be put together, asked before anything starts."""

from emulator.assembly import assemble
from emulator.joining import AssemblyError
from emulator.physics.site import Site
from emulator.streams import Streams
from rigs.document import Problem, RigError
from rigs.load import load_with_document


def check_plant(name: str) -> None:
    """Join the assets of a rig and throw the result away.

    Raises
    ------
    RigError
        An asset that no physics allows or a connection that joins nothing to nothing, with its place in the file.

    """
    rig, document = load_with_document(name)
    try:
        assemble(rig, Site(Streams(0), ambient_k=rig.plant.ambient, fluid_k=rig.plant.fluid))
    except AssemblyError as problem:
        raise RigError(Problem(document.place(problem.path), str(problem), problem.path)) from None
