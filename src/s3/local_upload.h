/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The place in a bucket where a delivery's files are until they are objects:
 * BUCKET/.uploads/NAME/ with the files 0, 1, 2 … and `lock`, which the owner holds with flock()
 * for as long as it lives. A process that is killed leaves that folder; upload_sweep() removes
 * every one whose lock nobody holds.
 */
#ifndef S3_LOCAL_UPLOAD_H
#define S3_LOCAL_UPLOAD_H

#include <stdbool.h>

#include "s3/local.h"

struct upload {
    struct upload *next;
    char bucket_name[256];
    char name[17];   /* of its folder in .uploads */
    int bucket, dir; /* file descriptors of the bucket and of that folder */
    int lock;
    bool made_root, made_bucket;
};

/* Makes the folder, its bucket and the storage where they are missing. -1 with errno set. */
int upload_open(const struct folder *folder, const char *bucket, struct upload *ret);

/* Removes it with all that is in it, then what it had to make, as far as that is empty. */
void upload_close(const struct folder *folder, struct upload *upload);

/* Removes what dead processes left in any bucket. Best effort. */
void upload_sweep(const struct folder *folder);

#endif
