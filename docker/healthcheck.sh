#!/usr/bin/env bash
# Ends with 0 when the program of this container says that it is well. Without curl: no base image
# promises to have it.
set -euo pipefail
port=${HEADRACE_HTTP_PORT:-8080}
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'GET /health HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n' "$port" >&3
# The first line tells; the rest is read so that the program can finish its answer. The limit is
# the health check's own timeout.
IFS= read -r status <&3
cat <&3 >/dev/null
case $status in
  'HTTP/1.1 200 '*) exit 0 ;;
  *)
    echo "health: $status (expected: 200)" >&2
    exit 1
    ;;
esac
