"""Messages to people through whatever carries them: Telegram, SMS, e-mail.

Without a gateway for a channel its messages are refused for good, with a reason that names what is missing.
"""

from connectors.messages.gateway import Gateway, Message, NoGateway
from connectors.messages.sandbox import SandboxGateway, gateway_secret
from connectors.messages.smtp import SmtpGateway
from connectors.messages.telegram import TelegramGateway
from connectors.telegram import BotApi

__all__ = ["Gateway", "Message", "gateways"]


def gateways(settings) -> dict[str, Gateway]:
    """The gateway of each channel under these settings; in the sandbox one stand-in carries all of them."""
    if settings.sandbox:
        stand_in = SandboxGateway(settings.sandbox_gateway_url, gateway_secret(settings.secret_key))
        return dict.fromkeys(("telegram", "sms", "email"), stand_in)
    email = SmtpGateway(settings.smtp_url, settings.mail_from) if settings.smtp_url else NoGateway("email")
    telegram = NoGateway("telegram")
    if settings.bot_token:
        telegram = TelegramGateway(BotApi(settings.bot_token, settings.bot_api_url, settings.telegram_send_seconds))
    return {"telegram": telegram, "sms": NoGateway("sms"), "email": email}
