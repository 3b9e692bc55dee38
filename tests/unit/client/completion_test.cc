#include "client/cli/completion.h"

#include <gtest/gtest.h>

namespace parley::client {
namespace {

std::vector<CommandPage> Pages() {
  CommandHelp help;
  help.usage = "parley say ROOM: says it.\n\n  parley say 'it'\n.starts with a dot";
  help.subcommands = {{"loud", "loud ROOM", "at the top of one's voice"}};
  help.options = {{"file", "f", "F", "read it; it's [a] file: yes"},
                  {"times", "", "N", "so often"},
                  {"quiet", "", "", "hush"}};
  return {{"say", "say something", help}};
}

const std::vector<OptionHelp> kGlobal = {{"json", "", "", "as JSON"}, {"host", "", "H", "where"}};

TEST(Completion, EveryNameIsInEveryShellsScript) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Result<std::string> script = CompletionScript(shell, Pages(), kGlobal);
    ASSERT_TRUE(script);
    for (const char* word : {"say", "loud", "file", "times", "quiet", "json", "host"}) {
      EXPECT_NE(script->find(word), std::string::npos) << shell << " " << word;
    }
  }
  EXPECT_FALSE(CompletionScript("tcsh", Pages(), kGlobal));
  EXPECT_FALSE(CompletionScript("", Pages(), kGlobal));
}

TEST(Completion, AQuoteInATextEndsNothing) {
  EXPECT_NE(CompletionScript("fish", Pages(), kGlobal)->find(R"('read it; it'\''s [a] file: yes')"),
            std::string::npos);
  EXPECT_NE(CompletionScript("zsh", Pages(), kGlobal)->find(R"(it'\''s \[a\] file\: yes)"),
            std::string::npos);
}

TEST(Manual, IsRoffInWhichTextIsText) {
  const std::string page = ManualPage(Pages(), kGlobal, "Settings: here", "1.2");
  EXPECT_NE(page.find(".SS say\n"), std::string::npos);
  EXPECT_NE(page.find("\\fB\\-f\\fR, \\fB\\-\\-file\\fR \\fIF\\fR\n"), std::string::npos) << page;
  EXPECT_NE(page.find("\n\\&.starts with a dot\n"), std::string::npos);
  EXPECT_NE(page.find(".EX\nparley say \\(aqit\\(aq\n.EE\n"), std::string::npos) << page;
  EXPECT_NE(page.find("loud ROOM"), std::string::npos);
}

}  // namespace
}  // namespace parley::client
