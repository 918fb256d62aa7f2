/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader of an object that is fetched by ranges, from an S3 server or any web server.
 *
 * The first range that is fetched tells size and ETag; every later one must be of that same
 * object. A few megabytes of 64 KiB blocks are kept, so an index that is read again costs nothing.
 * Who reads on where a fetch has ended gets the next one twice as large, up to 1 MiB; a few such
 * places are remembered, because demuxers read tracks side by side. What is fetched by jumping
 * about is one block each. Thus hardly a byte comes twice, or for nothing.
 */
#ifndef S3_REMOTE_H
#define S3_REMOTE_H

#include "s3/client.h"

/* Opens what `request`, a GET without a range, names; its strings are copied. `own_client` is
 * freed with the reader, or when this fails; NULL if `client` is somebody else's. */
int remote_open(struct object_reader **ret, struct client *client, struct client *own_client,
                const struct request *request, struct error *err) MUST_CHECK;

#endif
