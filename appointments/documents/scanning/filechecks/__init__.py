"""The kind of a file, by its content and never by its name, and whether a clinician can safely open it.

`python -m appointments.documents.scanning.filechecks FILE` checks one file in a process of its own, started by
`appointments.documents.scanning.sandbox`: files come from anywhere, and a parser can be slow, greedy or wrong. Nothing
here imports Django.
"""
