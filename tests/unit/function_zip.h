/* SPDX-License-Identifier: Apache-2.0 */
/* Zips made of text. The includer has <cmocka.h>. */
#ifndef UNIT_FUNCTION_ZIP_H
#define UNIT_FUNCTION_ZIP_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <zip.h>

struct file {
    const char *name, *text; /* a name of NULL ends a list */
    int mode;                /* as in stat(); 0: 0644, or of a folder */
};

/* The bytes of a zip with these files; to be freed. */
static inline char *make_zip(const struct file *files, size_t *ret_size)
{
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, NULL);
    zip_source_keep(source);
    zip_t *zip = zip_open_from_source(source, ZIP_TRUNCATE, NULL);
    assert_non_null(zip);
    for (const struct file *file = files; file->name; file++) {
        zip_source_t *text = zip_source_buffer(zip, file->text, strlen(file->text), 0);
        zip_int64_t index = zip_file_add(zip, file->name, text, ZIP_FL_ENC_UTF_8);
        assert_true(index >= 0);
        bool folder = file->name[strlen(file->name) - 1] == '/';
        zip_uint32_t mode = (unsigned)(file->mode ? file->mode : folder ? 0040755 : 0100644);
        zip_file_set_external_attributes(zip, (zip_uint64_t)index, 0, ZIP_OPSYS_UNIX, mode << 16);
    }
    assert_int_equal(zip_close(zip), 0);
    zip_stat_t st;
    zip_source_stat(source, &st);
    char *bytes = malloc(st.size);
    zip_source_open(source);
    assert_int_equal(zip_source_read(source, bytes, st.size), st.size);
    zip_source_close(source);
    zip_source_free(source);
    *ret_size = st.size;
    return bytes;
}

#endif
