"""Times oslo.rootwrap's matcher: the command lines come as JSON on standard
input, the time of each decision goes to standard output, in nanoseconds."""
import json
import sys
import time

from oslo_rootwrap import wrapper

requests = json.load(sys.stdin)
rounds = int(sys.argv[2])
filters = wrapper.load_filters([sys.argv[1]])
exec_dirs = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]
times = []
for _ in range(rounds):
    for argv in requests:
        began = time.perf_counter_ns()
        try:
            wrapper.match_filter(filters, argv, exec_dirs)
        except (wrapper.NoFilterMatched, wrapper.FilterMatchNotExecutable):
            pass
        times.append(time.perf_counter_ns() - began)
json.dump(times, sys.stdout)
