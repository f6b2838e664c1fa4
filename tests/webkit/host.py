#!/usr/bin/python3
"""A WebKitGTK browser for WebKitWebDriver that keeps its profile, unlike `MiniBrowser --automation`.

Environment: POCKETBIT_PROFILE, the folder of the profile, which a second start finds again; POCKETBIT_PROXY, the address
of the proxy for everything that is not for 127.0.0.1; POCKETBIT_QUOTA, bytes that an origin may store, if not the default.
"""

import os
import shutil

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2  # noqa: E402

SIZE = {"default_width": 800, "default_height": 900}
# navigator.storage, which Safari has and this port leaves off.
FEATURES = {"StorageAPI", "StorageAPIEstimate"}


def quota(profile: str) -> dict[str, float]:
    """WebKit counts quotas in shares of the volume."""
    wanted = os.environ.get("POCKETBIT_QUOTA")
    if not wanted:
        return {}
    os.makedirs(profile, exist_ok=True)
    return {"origin_storage_ratio": int(wanted) / shutil.disk_usage(profile).total}


def web_context() -> WebKit2.WebContext:
    profile = os.environ["POCKETBIT_PROFILE"]
    manager = WebKit2.WebsiteDataManager(
        base_data_directory=f"{profile}/data",
        base_cache_directory=f"{profile}/cache",
        **quota(profile),
    )
    proxy = WebKit2.NetworkProxySettings.new(os.environ["POCKETBIT_PROXY"], ["127.0.0.1"])
    manager.set_network_proxy_settings(WebKit2.NetworkProxyMode.CUSTOM, proxy)
    context = WebKit2.WebContext.new_with_website_data_manager(manager)
    context.set_automation_allowed(True)
    return context


def page_settings() -> WebKit2.Settings:
    settings = WebKit2.Settings(enable_write_console_messages_to_stdout=True)
    features = WebKit2.Settings.get_all_features()
    for index in range(features.get_length()):
        feature = features.get(index)
        if feature.get_identifier() in FEATURES:
            settings.set_feature_enabled(feature, True)
    return settings


class Host:
    def __init__(self) -> None:
        self.context = web_context()
        self.settings = page_settings()
        self.windows: list[Gtk.Window] = []
        self.context.connect("automation-started", self.on_automation)

    def on_automation(self, _context, session) -> None:
        info = WebKit2.ApplicationInfo.new()
        info.set_name("pocketbit-host")
        info.set_version(*(getattr(WebKit2, f"get_{part}_version")() for part in ("major", "minor", "micro")))
        session.set_application_info(info)
        session.connect("create-web-view", self.on_create)

    def on_create(self, _session) -> WebKit2.WebView:
        view = WebKit2.WebView(
            web_context=self.context, settings=self.settings, is_controlled_by_automation=True
        )
        window = Gtk.Window(**SIZE)
        window.add(view)
        window.show_all()
        self.windows.append(window)
        view.connect("close", lambda _view: window.destroy())
        window.connect("destroy", self.on_destroy)
        return view

    def on_destroy(self, window) -> None:
        self.windows.remove(window)
        if not self.windows:
            Gtk.main_quit()


Host()
Gtk.main()
