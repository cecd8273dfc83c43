#!/bin/sh
# What servers may send and few do: spacing, case, a folded line, bare LF, Latin-1, an empty value.
printf 'HTTP/1.1 299 Rather  Odd\r\nServer:nginx\r\nx-CASE:\t kept \t\r\nX-Folded: one\r\n\t two\r\nX-Bare: lf\n'
printf 'X-Latin: caf\351\r\nX-Empty:\r\nContent-Length: 0\r\n\r\n'
