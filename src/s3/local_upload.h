/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The place in a bucket where a delivery's files are until they are objects: BUCKET/.uploads/NAME/,
 * NAME being 16 hex digits, with the files
 *
 *   0, 1, 2 …          objects, or what they have replaced
 *   aside              an object that is becoming a folder (see make_room() in local_delivery.c)
 *   video-N.stats      a two-pass encode's statistics, with .mbtree, and .temp behind either
 *   lock               which the owner holds with flock() for as long as it lives
 *
 * A process that is killed leaves that folder; upload_sweep() removes every one whose lock nobody
 * holds. Other people may have a folder .uploads, too: nothing but the above is ever removed from
 * there, and no folder without a lock unless it is empty.
 *
 * Nobody loses a file to a sweep. An owner that has its lock is never swept. One that has not yet
 * got it has no other file; it sees that its folder or lock has gone, or is held, and begins anew.
 * For that flock() must reach everybody who writes to the storage: machines may share one over NFS,
 * but not over a filesystem that keeps locks to each machine.
 *
 * A delivery that is aborted removes the bucket and the storage if it has made them and they are
 * empty. If another one is under way there, they are not: should that be aborted, too, it leaves
 * them empty, for it cannot know that nobody wanted them.
 */
#ifndef S3_LOCAL_UPLOAD_H
#define S3_LOCAL_UPLOAD_H

#include <stdbool.h>

#include "s3/local.h"

/* In place of a bucket's name: the storage itself, where temporary files are. */
#define UPLOAD_SCRATCH "."

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

/* Removes it with the files above, then what it had to make, as far as that is empty. */
void upload_close(const struct folder *folder, struct upload *upload);

/* Removes what dead processes left in any bucket. Best effort. */
void upload_sweep(const struct folder *folder);

#endif
