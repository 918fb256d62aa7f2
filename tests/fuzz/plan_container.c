/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a file whose container is looked at before a demuxer sees it. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <sys/mman.h>

#include "plan/container.h"
#include "s3/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err;
    CLEANUP(object_close) struct object_reader *reader = NULL;
    CLEANUP(file_close) int fd = memfd_create("object", MFD_CLOEXEC);
    if (file_write_at(fd, 0, data, size) < 0 ||
        file_reader_new(&reader, &fd, "file:///object", &err) < 0)
        return 0;
    if (container_declared_end(reader) < 0)
        abort();
    (void)container_is_cut(reader);
    (void)container_has_external_media(reader);
    return 0;
}
