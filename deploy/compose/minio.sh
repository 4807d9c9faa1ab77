#!/bin/sh
# The lake's bucket, whose objects nobody can change or remove for 30 days, and a login that may only add to it and
# read it. The image has a shell, and none of grep and the like.
set -eu
MC_HOST_lake="http://minio:$(cat /run/secrets/minio_password)@minio:9000"
export MC_HOST_lake
mc mb --with-lock --ignore-existing lake/waybill
mc retention set --default GOVERNANCE 30d lake/waybill
mc admin policy create lake landing-writer /setup/landing-writer.json
printf 'waybill\n%s\n' "$(cat /run/secrets/AWS_SECRET_ACCESS_KEY)" | mc admin user add lake
case $(mc admin user info lake waybill) in
    *landing-writer*) ;;
    *) mc admin policy attach lake landing-writer --user waybill ;;
esac
