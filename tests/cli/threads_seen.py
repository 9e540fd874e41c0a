"""tfq on a road without stages: each file's `.h5` becomes JSON of how many threads the libraries of its process would use.

Nothing here may import numpy before tfq does.
"""

import json
import os

from tfq.cli import parallel, run, work
from tfq.cli.app import main


def do(item, task, progress=None):
    import cv2
    import numpy  # noqa: F401 - loads the algebra that is asked about
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_info

    pools = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    item.file.write_text(json.dumps({"pid": os.getpid(), "algebra": pools, "pictures": cv2.getNumThreads()}))
    return work.Done(item, finished=True)


parallel.do = run.do = do

if __name__ == "__main__":
    main()
