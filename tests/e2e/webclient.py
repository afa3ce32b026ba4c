"""Odoo's web client as a person uses it: by the words on the page and the names of the fields.

staff = WebClient(browser, server.url, "karin", "karin", pictures)
staff.open_list(action)
staff.press("Skapa")
staff.fill("partner_id", "Norrvik")
staff.save()
"""

import re
import time

WIDE = {"width": 1440, "height": 950}
PHONE = {"width": 375, "height": 812}
BUSY = ".o_loading, .blockUI"


class WebClient:
    """One person who is logged in to the web client, in Swedish."""

    def __init__(self, browser, url, login, password, pictures):
        self.url, self.login, self.pictures = url, login, pictures
        self.context = browser.new_context(viewport=WIDE, locale="sv-SE", timezone_id="Europe/Stockholm")
        self.page = self.context.new_page()
        self.page.set_default_timeout(15000)
        self.faults, self._asked = [], set()
        self.page.on("request", self._note_request)
        self.page.on("requestfinished", self._drop_request)
        self.page.on("requestfailed", self._drop_request)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        log_in(self.page, url, login, password)
        self.page.wait_for_selector(".o_main_navbar")

    def open(self, address):
        """Open the web client at ``address`` (what stands after #)."""
        self.page.goto("about:blank")
        self.page.goto(self.url + "/web#" + address)
        self.page.wait_for_selector(".o_view_controller, .o_content")
        self.settle()

    def open_record(self, model, record, action):
        """Open the form of a record."""
        self.open("id=%s&model=%s&view_type=form&action=%s" % (record, model, action))

    def _note_request(self, request):
        if request.resource_type in ("xhr", "fetch") and "/longpolling/" not in request.url:
            self._asked.add(request)

    def _drop_request(self, request):
        self._asked.discard(request)

    def settle(self):
        """Wait until the client has stopped loading: Odoo's own sign of it comes late when the machine is busy."""
        quiet, limit = 0, time.monotonic() + 60
        while quiet < 3:
            assert time.monotonic() < limit, "the client goes on loading: %s" % [asked.url for asked in self._asked]
            self.page.wait_for_timeout(50)
            quiet = 0 if self._asked else quiet + 1
        self.page.wait_for_function("!document.querySelector('.o_loading:not([style*=none])')", timeout=30000)

    def press(self, words):
        """Press the button with these words, when it comes: in the topmost dialogue if there is one."""
        pattern = re.compile(r"^\s*%s\s*$" % re.escape(words))
        button = self.page.locator("button:visible, a.btn:visible").filter(has_text=pattern)
        button.last.wait_for()
        button.last.click()
        self.settle()

    def field(self, name):
        """The widget of a field, in the topmost dialogue if there is one."""
        dialogue = self.page.locator(".modal:visible").last
        place = dialogue if dialogue.count() else self.page.locator(".o_action_manager")
        return place.locator("[name='%s'].o_field_widget:visible" % name).first

    def fill(self, name, text):
        """Write into a field; of a choice of records the first that is offered."""
        widget = self.field(name)
        tag = widget.evaluate("node => node.tagName")
        if tag == "SELECT":
            widget.select_option(label=text)
        elif "o_field_radio" in widget.get_attribute("class"):
            widget.locator("label").filter(has_text=re.compile("^\\s*%s\\s*$" % re.escape(text))).click()
        else:
            entry = widget if tag in ("INPUT", "TEXTAREA") else widget.locator("input").first
            entry.fill(text)
            if "o_field_many2one" in widget.get_attribute("class") or "many2manytags" in widget.get_attribute("class"):
                self.page.locator(".ui-autocomplete:visible li.ui-menu-item", has_text=text).first.click()
            else:
                entry.press("Tab")
        self.settle()

    def read(self, name):
        """What a field shows."""
        return clean(self.field(name).inner_text())

    def save(self):
        """Press the form's own button."""
        self.page.locator(".o_form_button_save:visible").click()
        self.page.wait_for_selector(".o_form_readonly")
        self.settle()

    def record(self):
        """The id of the record on the page."""
        self.page.wait_for_function("/[#&]id=\\d+/.test(location.hash)")
        return int(re.search(r"[#&]id=(\d+)", self.page.url).group(1))

    def picture(self, name):
        """Keep what the page looks like."""
        take_picture(self.page, self.pictures, name)

    def text(self):
        """All words on the page."""
        return clean(self.page.locator("body").inner_text())


class Customer:
    """One of the customer's people in the portal, in Swedish; on a telephone when told so."""

    def __init__(self, browser, url, login, password, pictures):
        self.url, self.login, self.pictures = url, login, pictures
        self.context = browser.new_context(viewport=PHONE, locale="sv-SE", timezone_id="Europe/Stockholm")
        self.page = self.context.new_page()
        self.page.set_default_timeout(15000)
        log_in(self.page, url, login, password)

    def open(self, address):
        """Open a page of the portal."""
        answer = self.page.goto(self.url + address)
        self.page.wait_for_load_state("load")
        assert answer.status == 200, "%s: %d" % (address, answer.status)

    def press(self, words):
        """Press the button or the link with these words."""
        pattern = re.compile(r"^\s*%s\s*$" % re.escape(words))
        self.page.locator("button:visible, a:visible").filter(has_text=pattern).first.click()
        self.page.wait_for_load_state("load")

    def sign(self, name):
        """Write the name and draw something in Odoo's own signature dialogue, and accept."""
        dialogue = self.page.locator(".modal.show")
        dialogue.locator(".o_web_sign_name_input").fill(name)
        self.page.wait_for_timeout(800)  # the dialogue slides in, and the canvas takes its size after that
        box = dialogue.locator(".o_web_sign_signature canvas").last.bounding_box()
        left, middle = box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.5
        self.page.mouse.move(left, middle)
        self.page.mouse.down()
        for step in range(1, 12):
            self.page.mouse.move(left + step * box["width"] * 0.05, middle + (-1) ** step * box["height"] * 0.2)
        self.page.mouse.up()

    def text(self):
        """All words on the page."""
        return clean(self.page.locator("body").inner_text())

    def fits(self):
        """Whether the page is no wider than the telephone."""
        return self.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    def picture(self, name):
        """Keep what the page looks like."""
        take_picture(self.page, self.pictures, name, full_page=True)


def log_in(page, url, login, password):
    """Fill in Odoo's login page."""
    page.goto(url + "/web/login")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_selector(".o_main_navbar, .o_portal_my_home", timeout=60000)


def take_picture(page, folder, name, full_page=False):
    """A PNG below ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(folder / (name + ".png")), full_page=full_page)


def clean(text):
    """The text with every run of white space as one space; Swedish money has spaces that do not break."""
    return " ".join(text.split())
