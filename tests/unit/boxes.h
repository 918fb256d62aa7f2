/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QuickTime boxes written down as text, for the tests of what reads or changes them:
 *
 *   moov(trak(mdia()))       boxes in boxes; '_' in a type is a space
 *   stts(0 2 10 512 5 -7)    32-bit numbers; 7L is a 64-bit one
 *   #1a45dfa3                bytes
 *   mdat*()                  the size is written with 64 bits
 *   mdat.()                  the size is written as 0: up to the end of the file
 *   mdat+8() mdat-8()        the size says so much more or less than there is
 */
#ifndef UNIT_BOXES_H
#define UNIT_BOXES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static inline void boxes_number(struct text *out, uint64_t value, int bytes)
{
    while (bytes-- > 0) {
        uint8_t byte = (uint8_t)(value >> 8 * bytes);
        text_append(out, &byte, 1);
    }
}

static inline const char *boxes_add(struct text *out, const char *spec);

static inline const char *boxes_add_one(struct text *out, const char *spec)
{
    size_t start = out->size;
    char type[4];
    for (int i = 0; i < 4; i++, spec++)
        type[i] = (char)(*spec == '_' ? ' ' : *spec);
    bool wide = *spec == '*', open = *spec == '.';
    char *end;
    long long more = strtoll(spec + (wide || open), &end, 10);
    assert_int_equal(*end, '(');

    boxes_number(out, wide, 4);
    text_append(out, type, 4);
    if (wide)
        boxes_number(out, 0, 8);
    spec = boxes_add(out, end + 1);
    assert_int_equal(*spec, ')');
    uint64_t size = (uint64_t)((long long)(out->size - start) + more);
    for (int i = 0; i < (wide ? 8 : 4) && !open; i++)
        out->data[start + (wide ? 15 : 3) - (size_t)i] = (char)(size >> 8 * i);
    return spec + 1;
}

/* Adds boxes up to the end or a closing parenthesis; returns where that stands. */
static inline const char *boxes_add(struct text *out, const char *spec)
{
    text_append(out, "", 0);
    while (*spec && *spec != ')') {
        if (isspace((unsigned char)*spec)) {
            spec++;
        } else if (*spec == '#') {
            for (spec++; isxdigit((unsigned char)*spec); spec += 2)
                boxes_number(out, strtoul((char[3]){spec[0], spec[1]}, NULL, 16), 1);
        } else if (isdigit((unsigned char)*spec) || *spec == '-') {
            char *end;
            uint64_t value = (uint64_t)strtoll(spec, &end, 10);
            boxes_number(out, value, *end == 'L' ? 8 : 4);
            spec = end + (*end == 'L');
        } else {
            spec = boxes_add_one(out, spec);
        }
    }
    return spec;
}

/* All of it: what is left of `spec` is a mistake in the test. */
static inline void boxes_write(struct text *out, const char *spec)
{
    assert_int_equal(*boxes_add(out, spec), '\0');
}

#endif
