"""The world's name and registry servers, on loopback: what a look-up would have found at a stated instant.

Public: ``zones.Zones`` and ``registry.Registry`` (answers as values), ``dns.serve`` and ``rdap.serve``.
"""
