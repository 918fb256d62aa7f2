/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries of a batch job, in a file of our own: what its manifest said when it was prepared,
 * whatever becomes of the manifest. Written once, through a sink; read from the start.
 */
#ifndef BATCH_ENTRIES_H
#define BATCH_ENTRIES_H

#include <stdbool.h>
#include <stdint.h>

#include "batch/entry.h"

enum { ENTRIES_GIB_MAX = 64, ENTRIES_FREE_MIB = 256 };

/* Takes at most ENTRIES_GIB_MAX, and leaves ENTRIES_FREE_MIB free on the disk: databases need room
 * when a manifest is large. */
struct entries_writer {
    struct entry_sink sink;
    int64_t bytes, looked_at; /* written; when the disk was last looked at */
    void *file;               /* FILE * */
    char *path, *part;
};

/* Begins FOLDER/entries; the folder is made. What an interrupted one has left is replaced. */
int entries_create(struct entries_writer *writer, const char *folder, struct error *err) MUST_CHECK;

/* It is complete and on disk. */
int entries_finish(struct entries_writer *writer, struct error *err) MUST_CHECK;

/* Abandons what was not finished. */
void entries_release(struct entries_writer *writer);

struct entries;

/* Whatever is wrong with the file is ERROR_INPUT. */
int entries_open(struct entries **ret, const char *folder, struct error *err) MUST_CHECK;
void entries_close(struct entries **entries);

/* 1: *ret is the next one, valid until the next call; 0: there is none. */
int entries_next(struct entries *entries, struct batch_entry *ret, struct error *err) MUST_CHECK;

/* Removes the folder and what is in it. That it is not there is no error. */
int entries_remove(const char *folder, struct error *err) MUST_CHECK;

#endif
