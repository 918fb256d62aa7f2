/* SPDX-License-Identifier: Apache-2.0 */
/* Names that nobody can guess and nobody else has, from the kernel's random numbers. A kernel that
 * has none aborts: a name that is not random is no name. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>

enum { RANDOM_UUID_SIZE = 37, RANDOM_BYTES_MAX = 256 };

/* At most RANDOM_BYTES_MAX. */
void random_bytes(void *out, size_t size);

/* Version 4, "f81d4fae-7dec-41d0-a765-00a0c91e6bf6"; returns out. */
char *random_uuid(char out[RANDOM_UUID_SIZE]);

#endif
