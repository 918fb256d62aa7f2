/* SPDX-License-Identifier: Apache-2.0 */
#include "s3/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void digest_hex(const unsigned char *bytes, size_t size, char *out)
{
    for (size_t i = 0; i < size; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static void digest(const EVP_MD *kind, const struct piece body[HTTP_PIECES],
                   unsigned char out[EVP_MAX_MD_SIZE])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!context || !EVP_DigestInit_ex(context, kind, NULL))
        abort(); // out of memory
    for (int i = 0; i < HTTP_PIECES; i++)
        EVP_DigestUpdate(context, body[i].data, body[i].size);
    EVP_DigestFinal_ex(context, out, NULL);
    EVP_MD_CTX_free(context);
}

void digest_md5(const struct piece body[HTTP_PIECES], unsigned char out[MD5_BYTES])
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    digest(EVP_md5(), body, hash);
    memcpy(out, hash, MD5_BYTES);
}

void digest_sha256(const struct piece body[HTTP_PIECES], char out[SHA256_HEX_SIZE])
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    digest(EVP_sha256(), body, hash);
    digest_hex(hash, (SHA256_HEX_SIZE - 1) / 2, out);
}

const char *digest_base64(const unsigned char md5[MD5_BYTES], char out[MD5_BASE64_SIZE])
{
    EVP_EncodeBlock((unsigned char *)out, md5, MD5_BYTES);
    return out;
}

EVP_MD_CTX *md5_new(void)
{
    EVP_MD_CTX *md5 = EVP_MD_CTX_new();
    if (md5 && !EVP_DigestInit_ex(md5, EVP_md5(), NULL))
        md5_free(&md5);
    return md5;
}

void md5_free(EVP_MD_CTX **md5)
{
    EVP_MD_CTX_free(*md5);
    *md5 = NULL;
}

void md5_hex(EVP_MD_CTX *md5, char out[MD5_HEX_SIZE])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    EVP_DigestFinal_ex(md5, digest, NULL);
    digest_hex(digest, MD5_BYTES, out);
}
