"""``python -m segue_jobs.extract``."""

import sys

if __name__ == "__main__":  # worker processes import this module too, but need none of this
    from segue_jobs.extract.forking import start_fork_server

    start_fork_server()  # it loads the engine while this process loads the clients

    from segue_core.contract import ExtractArguments
    from segue_core.program import run
    from segue_jobs.extract.main import main

    sys.exit(run(ExtractArguments, main))
