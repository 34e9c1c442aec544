"""The only importers of kubernetes, requests, subprocess and sockets; foreign errors are translated here, once."""
