#!/bin/sh
printf 'Content-Type: text/plain\nSet-Cookie: a=1\nSet-Cookie: b=2; Path=/; HttpOnly\nset-cookie: c=3\n\nthree of a kind\n'
