"""The command line `snn-control VERB`: one file a verb; parse, call, print.

A verb is a module in `snn_control.cli.verbs` with

- `Args`: a keyword-only frozen dataclass, a docstring a field, that derives from `JsonOption`; its
  own docstring is the help and holds an example,
- `run(args) -> Result`: does the work by calling the package,
- `show(result, console)`: prints the result for a person,
- where the options depend on a name (`registry.NAMED_OPTIONS`), `args_for(words) -> type[Args]`,

and one line in `snn_control.cli.registry.VERBS`. With `--json` the result's data are printed as one
JSON object instead, numbers that are not finite as null. Exit codes: 0 done, 1 failed, 2 wrong use.
"""
