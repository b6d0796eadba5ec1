"""Where Amplify is reached. Which operation a path means, its model says."""

from .responses import AmplifyResponse

url_bases = [r"https?://amplify\.(.+)\.amazonaws\.com"]
url_paths = {"{0}/(?P<path>.+)$": AmplifyResponse.dispatch}
