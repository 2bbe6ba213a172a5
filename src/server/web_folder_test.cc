#include "server/web_folder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/text.h"

namespace wherry::server {
namespace {

namespace fs = std::filesystem;

struct WebFolderTest : testing::Test {
  WebFolderTest() {
    std::string pattern = (fs::temp_directory_path() / "wherry-web-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
    write("index.html", "<!doctype html><title>App</title>");
    write("assets/app-1a2b.js", std::string(5'000, 'x'));
    write("logo.png", std::string(5'000, 'y'));
    write(".secret", "not for the web");
    write(".git/config", "nor this");
  }
  ~WebFolderTest() override { fs::remove_all(root); }

  void write(const std::string& name, std::string_view text) const {
    fs::create_directories((fs::path(root) / name).parent_path());
    std::ofstream(fs::path(root) / name) << text;
  }
  std::optional<net::Page> get(std::string_view target, std::string_view encoding = {},
                               std::string_view if_none_match = {}) const {
    const auto web = WebFolder::read(root);
    EXPECT_TRUE(web) << web.error().text();
    return web->find(
        {.target = target, .host = "x", .accept_encoding = encoding, .if_none_match = if_none_match});
  }

  std::string root;
};

bool has(const net::Page& page, std::string_view header) {
  return page.headers.find(cat(header, "\r\n")) != page.headers.npos;
}

TEST_F(WebFolderTest, PagesAreAskedForAnewAndFilesWithAHashAreKept) {
  const auto page = get("/");
  ASSERT_TRUE(page);
  EXPECT_EQ(*page->body, "<!doctype html><title>App</title>");
  EXPECT_TRUE(has(*page, "Content-Type: text/html; charset=utf-8")) << page->headers;
  EXPECT_TRUE(has(*page, "Cache-Control: no-cache"));
  EXPECT_NE(page->headers.find("Content-Security-Policy: default-src 'self'"), page->headers.npos);
  const auto script = get("/assets/app-1a2b.js");
  ASSERT_TRUE(script);
  EXPECT_TRUE(has(*script, "Cache-Control: public, max-age=31536000, immutable"));
}

TEST_F(WebFolderTest, PlacesInTheAppAreItsFirstPage) {
  EXPECT_EQ(*get("/channel/general")->body, *get("/")->body);
  EXPECT_FALSE(get("/missing.js"));
  EXPECT_FALSE(get("/assets/app.js"));
}

TEST_F(WebFolderTest, WhatIsHiddenAndWhatLiesOutsideIsNotServed) {
  EXPECT_FALSE(get("/.secret"));
  EXPECT_FALSE(get("/../etc/passwd.txt"));
  EXPECT_EQ(*get("/.git/config")->body, *get("/")->body);
}

TEST_F(WebFolderTest, WhatGetsSmallerIsCompressedForThoseWhoTakeIt) {
  const auto plain = get("/assets/app-1a2b.js"), brotli = get("/assets/app-1a2b.js", "gzip, deflate, br"),
             gzip = get("/assets/app-1a2b.js", "deflate, gzip;q=0.5"),
             none = get("/assets/app-1a2b.js", "br;q=0, gzip;q=0"),
             word = get("/assets/app-1a2b.js", "brotli");
  EXPECT_EQ(plain->body->size(), 5'000u);
  EXPECT_TRUE(has(*brotli, "Content-Encoding: br"));
  EXPECT_LT(brotli->body->size(), 100u);
  EXPECT_TRUE(has(*gzip, "Content-Encoding: gzip"));
  EXPECT_LT(gzip->body->size(), 200u);
  EXPECT_EQ(none->body->size(), 5'000u);
  EXPECT_EQ(word->body->size(), 5'000u);
  EXPECT_EQ(get("/logo.png", "br")->body->size(), 5'000u);
}

TEST_F(WebFolderTest, WhoHasItAlreadyIsToldSo) {
  const auto page = get("/");
  const size_t at = page->headers.find("ETag: ") + 6;
  const std::string etag = page->headers.substr(at, page->headers.find("\r\n", at) - at);
  const auto again = get("/", "br", cat("\"other\", W/", etag));
  EXPECT_EQ(again->status, 304);
  EXPECT_FALSE(again->body);
  EXPECT_EQ(get("/", "br", "\"other\"")->status, 200);
}

TEST_F(WebFolderTest, SaysWhatIsMissing) {
  EXPECT_EQ(WebFolder::read(root + "/none").error().code, ErrorCode::kNotFound);
  fs::remove(fs::path(root) / "index.html");
  const auto read = WebFolder::read(root);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("index.html"), std::string::npos);
}

}  // namespace
}  // namespace wherry::server
