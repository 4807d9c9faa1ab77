#!/bin/sh
# Runs a command as confined as compose.yml confines it, without a container: `confined.sh HOME PROJECT COMMAND…`.
# In mounts of its own all is read-only but HOME, which stands at /mnt, and Meltano's folder for a run's files;
# the command is user 10001, has no capability and can gain none. Needs root.
set -eu
home=$1 project=$2
shift 2
mount --make-rprivate /
mount --bind "$home" /mnt
mount --bind "$project" "$project"
mount -t tmpfs -o uid=10001,gid=10001,mode=0700 tmpfs "$project/.meltano/run"
mount -o remount,bind,ro "$project"
mount -o remount,bind,ro /
cd "$project"
exec setpriv --reuid=10001 --regid=10001 --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all "$@"
