/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A zip with a function's code: checked and unpacked. Its bytes are hostile.
 *
 * Only plain files and folders come out of it, below the folder that was named. Refused are names
 * that are absolute, have '..' or empty parts, control characters or are too long; links, devices
 * and whatever else is no file or folder; what is encrypted or compressed with anything but
 * deflate; the same name twice, also as file and folder; checksums that do not match; more than the
 * limits. Sizes are counted as bytes come out, whatever the zip says about them. A file's mode
 * becomes 0755 if anybody may execute it, else 0644.
 */
#ifndef FUNCTION_PACKAGE_H
#define FUNCTION_PACKAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct package_limits {
    int64_t zip_max, bytes_max; /* of the zip; of all files together */
    int entries_max;
    int folders_max; /* also those that only stand before a file's name */
};

/* Lambda's; how many entries and folders a package may have is ours. */
extern const struct package_limits package_limits;

/* Unpacks into `folder`, which is there and empty. ERROR_BAD_REQUEST: the zip; ERROR_BUG,
 * ERROR_DISK_FULL: the disk. On failure something may lie in the folder. */
int package_unpack(const void *zip, size_t size, const struct package_limits *limits,
                   const char *folder, struct error *err) MUST_CHECK;

#endif
