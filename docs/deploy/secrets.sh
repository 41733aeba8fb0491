#!/bin/sh
# Make the folder `secrets` for compose.yaml: random secrets, and empty files for those that others give you (an empty one
# counts as none). What is there already stays as it is. Usage: secrets.sh [FOLDER]
# Each file can be read by everybody who gets into the folder, which only its owner does; a container gets single files.
set -eu
folder=${1:-secrets}
mkdir -p "$folder"
chmod 0700 "$folder"
for name in database_owner database_app pki_passphrase session_secret webhook_secret metrics_token; do
    [ -e "$folder/$name" ] || head -c 33 /dev/urandom | base64 | tr -d '\n' | tr '+/' '-_' >"$folder/$name"
done
for name in objects_secret_key objects_copy_secret_key objects_officer_secret_key objects_copy_officer_secret_key \
    mail_url oidc_client_secret tls_certificate tls_key; do
    [ -e "$folder/$name" ] || : >"$folder/$name"
done
chmod 0444 "$folder"/*
for name in objects_secret_key tls_certificate tls_key; do
    [ -s "$folder/$name" ] || echo "Put what you were given into $folder/$name."
done
