#!/bin/sh
# nghttpd has one port for each process, and speaks HTTP/2 alone.
nghttpd --no-tls -a 127.0.0.1 -d {{.Root}} {{.HTTP}} &
exec nghttpd -a 127.0.0.1 -d {{.Root}} {{.HTTPS}} {{.PEM}} {{.PEM}}
