#!/bin/sh
# Runs a command as confined as compose.yml confines it, without a container: `confined.sh HOME SHARED PROJECT COMMAND…`.
# In mounts of its own all is read-only but HOME, which stands at /mnt, SHARED, at /mnt/airflow, and Meltano's folder for
# a run's files; the command is user 10001, has no capability and can gain none. Schedules are those of HOME. Needs root.
set -eu
home=$1 shared=$2 project=$3
shift 3
mount --make-rprivate /
mount --bind "$home" /mnt
mount --bind "$shared" /mnt/airflow
# As the Dockerfile adds it: initdb asks for its user's name.
printf '%s\nwaybill:x:10001:10001::/mnt:/usr/sbin/nologin\n' "$(cat /etc/passwd)" >"$home/passwd.$$"
mount --bind "$home/passwd.$$" /etc/passwd
# A Python of root's own, as pyenv makes, is where no other user can go.
python=$(readlink -f "$project/.venv/bin/python")
base=${python%/bin/*}
case $base in
    /root/*)
        mount --bind "$base" /media
        mount -t tmpfs -o mode=0755 tmpfs /root
        mkdir -p "$base"
        mount --bind /media "$base"
        ;;
esac
mount --bind "$project" "$project"
mount --bind "$home/schedules.meltano.yml" "$project/orchestrate/schedules.meltano.yml"
mount -t tmpfs -o uid=10001,gid=10001,mode=0700 tmpfs "$project/.meltano/run"
mount -o remount,bind,ro "$project"
mount -o remount,bind,ro /
cd "$project"
exec setpriv --reuid=10001 --regid=10001 --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all "$@"
