"""What customers and desks complain of elsewhere, each a dated story through gRPC that shows how ours behaves.

One file a family of complaints; its tests are named after it. The desk is a real intake on a real record, on the clock
of the story; as time goes by each ticket is settled at its own wake-up, as its workflow would.
"""
