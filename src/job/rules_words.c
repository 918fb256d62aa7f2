/* SPDX-License-Identifier: Apache-2.0 */
/* A set of words with a number each, for rules about names. */
#include <string.h>

#include "job/rules.h"

struct word {
    const char *text; /* NULL: the slot is free */
    size_t length;
    int number;
};

struct words {
    size_t mask; /* slots - 1, a power of two of which at most half are taken */
    struct word *slots;
    int count;
};

struct words *words_new(struct arena *arena, int most)
{
    struct words *words = ARENA_NEW(arena, struct words);
    size_t slots = 4;
    while (slots < (size_t)most * 2)
        slots *= 2;
    words->mask = slots - 1;
    words->slots = ARENA_ARRAY(arena, struct word, slots);
    return words;
}

/* Where the word is, or would be. */
static struct word *slot_of(const struct words *words, const char *word, size_t length)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)word[i]) * 1099511628211u;
    for (size_t i = hash;; i++) {
        struct word *slot = &words->slots[i & words->mask];
        if (!slot->text || (slot->length == length && memcmp(slot->text, word, length) == 0))
            return slot;
    }
}

int words_find(const struct words *words, const char *word, size_t length)
{
    const struct word *slot = slot_of(words, word, length);
    return slot->text ? slot->number : -1;
}

int words_add(struct words *words, const char *word, size_t length, int number)
{
    struct word *slot = slot_of(words, word, length);
    if (slot->text)
        return slot->number;
    *slot = (struct word){word, length, number};
    words->count++;
    return -1;
}

int words_count(const struct words *words)
{
    return words->count;
}
