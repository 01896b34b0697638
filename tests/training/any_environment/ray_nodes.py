"""Ray cluster of this machine as processes: a head node without cores, and nodes of one core.

Prints the address and the process of each node; each further line of the input adds a node.
"""

import os
import sys

os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # keeps the addresses on loopback

from ray.cluster_utils import Cluster


def add(cluster, wait):
    """Add a node of one core; return its process."""
    node = cluster.add_node(num_cpus=1, node_ip_address="127.0.0.1", wait=wait)
    return node.all_processes["raylet"][0].process.pid


def main():
    """Start the nodes, and more of them on request."""
    head = {"num_cpus": 0, "node_ip_address": "127.0.0.1", "include_dashboard": False}
    cluster = Cluster(initialize_head=True, connect=False, head_node_args=head)
    nodes = [add(cluster, True) for _ in range(2)]
    assert cluster.head_node is not None
    gcs = cluster.head_node.all_processes["gcs_server"][0].process.pid
    print("nodes", cluster.address, gcs, *nodes, flush=True)
    for _ in sys.stdin:
        print("added", add(cluster, False), flush=True)
    cluster.shutdown()


if __name__ == "__main__":
    main()
