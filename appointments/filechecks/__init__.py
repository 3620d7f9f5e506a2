"""What a file is, by its content and never by its name; and whether it is safe to keep and to hand to a clinician.

`python -m appointments.filechecks FILE` does it in a process of its own, which `appointments.checking` starts: files
come from anybody, and what reads them can be slow, greedy or wrong. Nothing here knows of Django.
"""
