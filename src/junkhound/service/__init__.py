"""The processes of ``serve``: a supervisor and the roles it keeps alive.

``supervisor.Supervisor`` starts and watches; each role is a module with ``run(office, stop, notes)``.
"""
