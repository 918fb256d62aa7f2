/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who asks, found where every AWS tool looks for it:
 *
 *   AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN   before any file
 *   ~/.aws/credentials  [PROFILE]            or the file that AWS_SHARED_CREDENTIALS_FILE names
 *   ~/.aws/config       [profile PROFILE]    or the file that AWS_CONFIG_FILE names
 *
 * Key, secret and token are those of one of these places, the first that has any.
 *
 * PROFILE is AWS_PROFILE, AWS_DEFAULT_PROFILE, or "default". The region is AWS_REGION,
 * AWS_DEFAULT_REGION, the profile's, or "us-east-1", which most servers take for any.
 */
#ifndef S3_CREDENTIALS_H
#define S3_CREDENTIALS_H

#include "base/arena.h"
#include "base/error.h"

struct credentials {
    const char *access_key, *secret_key;
    const char *session_token; /* NULL: none */
    const char *region;
};

/* @retval -1  ERROR_PERMISSION: there are none, half of them, or not in the profile asked for; or
 *             they cannot stand in a header */
int credentials_find(struct arena *arena, struct credentials *ret, struct error *err) MUST_CHECK;

/* A variable's value; NULL where it is not set, or set to nothing. */
const char *environment(const char *name);

#endif
