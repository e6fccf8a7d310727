"""The page at ``/``: the operations of the API as people use them, rendered here, with small scripts."""
