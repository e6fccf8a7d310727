"""``python -m segue_jobs.extract``."""

import sys

if __name__ == "__main__":  # a worker process imports this module too, and needs none of the rest
    from segue_jobs.extract.forking import start_fork_server

    start_fork_server()  # loads the engine while this process loads its clients

    from segue_jobs.contract import ExtractArguments
    from segue_jobs.extract.main import main
    from segue_jobs.runtime.program import run

    sys.exit(run(ExtractArguments, main))
