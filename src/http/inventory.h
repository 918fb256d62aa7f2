/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What there is of the S3 API on this port: inventory configurations of buckets. Everything else of
 * S3 is where the objects are, and callers are told so.
 *
 * A configuration that is put has its first report written at once (batch/inventories.h). Getting
 * it says in two headers how that went: x-mediaconvert-local-manifest, the s3:// name of the
 * manifest, or x-mediaconvert-local-failure.
 *
 * The bucket is in the path, or in front of the host: http://BUCKET.localhost:4580/?inventory.
 */
#ifndef HTTP_INVENTORY_H
#define HTTP_INVENTORY_H

#include "http/route.h"
#include "http/service.h"

operation inventory_put, inventory_get, inventory_delete;

/* Answers a call of S3 that is not for this port. */
void inventory_refuse_rest(const struct service *service, struct call *call);

#endif
