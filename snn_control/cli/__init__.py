"""Command line `snn-control VERB`: one module per verb, which parses, calls and prints.

A verb is a module in `snn_control.cli.verbs` with

- `Args`: a keyword-only frozen dataclass derived from `JsonOption`, with a docstring per field; its
  own docstring is the help text and contains an example,
- `run(args) -> Result`: calls the package,
- `show(result, console)`: prints the result as text,
- `args_for(words) -> type[Args]`, if the options depend on a name (`registry.NAMED_OPTIONS`),

and an entry in `snn_control.cli.registry.VERBS`. With `--json` the data of the result are printed
as one JSON object instead, with null for numbers that are not finite. Exit codes: 0 done, 1 failed,
2 wrong use.
"""
