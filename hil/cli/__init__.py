"""The command line: one file per verb. Nothing heavy is imported until a verb runs."""

import sys

import typer

from hil.cli import analyze, check, doctor, export_fmu, import_rig, plot, realism, run, score, serve, twin

app = typer.Typer(
    name="plantbench",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Hardware-in-the-loop bench and virtual plant: run scenarios on a rig, get a verdict with evidence.",
)
app.command("run")(run.run)
app.command("serve")(serve.serve)
app.command("twin")(twin.twin)
app.command("check")(check.check)
app.command("plot")(plot.plot)
app.command("analyze")(analyze.analyze)
app.command("score")(score.score)
app.command("realism")(realism.realism)
app.command("doctor")(doctor.doctor)
app.command("export-fmu")(export_fmu.export_fmu)
app.command("import")(import_rig.import_rig)

USAGE_ERROR = 2
BENCH_ERROR = 4


def main() -> None:
    """Run the command line; a file's mistakes end with exit code 2 and one line each, our own with 4."""
    from rigs.document import RigError

    try:
        app()
    except RigError as problem:
        for line in problem.problems:
            print(line, file=sys.stderr)
        sys.exit(USAGE_ERROR)
    except Exception as problem:  # noqa: BLE001 - the edge of the process: Python's own exit code, 1, would say "fail"
        import traceback

        traceback.print_exc()
        print(f"plantbench itself broke: {problem!r}; please report it with the lines above", file=sys.stderr)
        sys.exit(BENCH_ERROR)
