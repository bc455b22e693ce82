#!/bin/sh
# Runs a server until the one who started it asks for its end or dies, then removes the server's folder: whatever
# becomes of a test process, no server and no folder stays behind.
# usage: supervise.sh FOLDER SIGNAL PROGRAM [ARGUMENT...]
# A line on stdin is the name of the signal that ends the server; the end of stdin without one means SIGNAL.
trap '' HUP INT TERM
folder=$1 default=$2
shift 2
"$@" </dev/null &
pid=$!
read -r signal || signal=$default
kill -s "$signal" "$pid" 2>/dev/null
wait "$pid"
rm -rf "$folder"
