/* SPDX-License-Identifier: Apache-2.0 */
/* Which storage the s3:// names of a command are in: a folder, or an S3 server. */
#ifndef CLI_STORE_H
#define CLI_STORE_H

#include "cli/options.h"
#include "s3/storage.h"

struct store_arguments {
    const char *folder;   /* --storage */
    const char *endpoint; /* --s3-endpoint; NULL: the environment says */
    bool virtual_host;
};

#define STORAGE_DEFAULT "./buckets"

/* Their rows for the option table of a command whose struct has such a `field`. */
/* clang-format off */
#define STORE_OPTIONS(type, field)                                                                 \
    {"storage", 0, "DIR", "the folder that s3:// names are in (" STORAGE_DEFAULT ")", OPTION_TEXT, \
     offsetof(type, field.folder)},                                                                \
    {"s3-endpoint", 0, "URL", "they are on this S3 server (AWS_ENDPOINT_URL_S3)", OPTION_TEXT,     \
     offsetof(type, field.endpoint)},                                                              \
    {"s3-virtual-host", 0, NULL, "buckets in front of the server's name, not in the path",         \
     OPTION_FLAG, offsetof(type, field.virtual_host)}
/* clang-format on */

/* Opens what the options ask for; failing that what AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL does;
 * else the folder. --storage comes before the environment. */
int store_open(struct storage **ret, const struct store_arguments *arguments,
               struct error *err) MUST_CHECK;

/* The S3 server's URL; NULL: it is a folder. */
const char *store_endpoint(const struct store_arguments *arguments);

/* Where that is, for people: "./buckets", "http://localhost:9000". */
const char *store_place(const struct store_arguments *arguments);

#endif
